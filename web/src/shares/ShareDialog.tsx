import { newShareSchema } from '@spillway/web/api/schema.ts';
import { useEffect, useId, useState } from 'preact/hooks';
import { CopyButton } from '../components/CopyButton.tsx';
import { ModalDialog } from '../components/ModalDialog.tsx';
import { requestJson } from '../http/request.ts';
import { OwnLinks } from './OwnLinks.tsx';
import { endWords, sharedUrl, shareLives } from './share-words.ts';

export interface ShareDialogProps {
  batch: string;
  name: string;
  onClose(): void;
}

interface Made {
  url: string;
  validUntil: Date;
}

/** Makes a private link to a batch, and lists those that there are. */
export function ShareDialog({ batch, name, onClose }: ShareDialogProps) {
  const [made, setMade] = useState<Made | null>(null);
  return (
    <ModalDialog title="A private link" className="share-dialog" onClose={onClose}>
      {made ? <MadeLink made={made} /> : <ShareForm batch={batch} name={name} onMade={setMade} />}
      <OwnLinks batch={batch} key={made?.url ?? ''} />
    </ModalDialog>
  );
}

function ShareForm({
  batch,
  name,
  onMade,
}: Omit<ShareDialogProps, 'onClose'> & { onMade(made: Made): void }) {
  const [title, setTitle] = useState(name);
  const [hours, setHours] = useState<number>(7 * 24);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const titleId = useId();
  const livesName = useId();
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const body = { batch, name: title.trim() || name, hours };
    const reply = await requestJson('/shares', newShareSchema, { method: 'POST', body });
    setBusy(false);
    if (reply.ok) onMade({ url: sharedUrl(reply.value.token), validUntil: reply.value.share.validUntil });
    else setProblem(reply.failure.message);
  };
  return (
    <form class="share-form" onSubmit={(event) => void make(event)}>
      <p>
        Whoever has the link sees the pictures of this batch, originals and results, and can download them.
        Nobody can change anything by it, or see another batch.
      </p>
      <div class="field">
        <label for={titleId}>What they read above it</label>
        <input
          id={titleId}
          type="text"
          maxLength={100}
          value={title}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </div>
      <fieldset class="show-switch">
        <legend>It ends after</legend>
        {shareLives.map((life) => (
          <label key={life.hours}>
            <input
              type="radio"
              class="visually-hidden"
              name={livesName}
              checked={hours === life.hours}
              onChange={() => setHours(life.hours)}
            />
            <span>{life.label}</span>
          </label>
        ))}
      </fieldset>
      {problem && <p role="alert">{problem}</p>}
      <p>
        <button type="submit" class="button primary" disabled={busy}>
          Make the link
        </button>
      </p>
    </form>
  );
}

function MadeLink({ made: { url, validUntil } }: { made: Made }) {
  const code = useCode(url);
  return (
    <div class="share-made">
      <p>
        The link works {endWords(validUntil)}. It is shown this once: copy it now, or scan it with a
        telephone.
      </p>
      <p class="share-link">
        <input
          type="text"
          readOnly
          value={url}
          aria-label="The private link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={url} subject="the private link" />
      </p>
      {code && <img class="share-code" src={code} alt="The private link as a QR code" />}
    </div>
  );
}

/** The address as a QR code; null until its code is there, and where that could not be loaded. */
function useCode(url: string): string | null {
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => {
    import('uqr').then(
      ({ renderSVG }) => setCode(`data:image/svg+xml,${encodeURIComponent(renderSVG(url, { border: 1 }))}`),
      () => {},
    );
  }, [url]);
  return code;
}
