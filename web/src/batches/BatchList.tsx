import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ConnectionNote } from '../components/ConnectionNote.tsx';
import type { FollowedJobs } from '../jobs/followed-jobs.ts';
import { BatchHead, type BatchHeadProps } from './BatchHead.tsx';
import type { Batch } from './batch.ts';
import { type BatchRow, batchRows } from './batch-rows.ts';
import type { CompleteBatches } from './complete-batches.ts';
import { PictureCard, type PictureCardProps } from './PictureCard.tsx';
import { useVirtualRows } from './use-virtual-rows.ts';

interface BatchListProps extends Pick<BatchHeadProps, 'shownResults' | 'deeds' | 'onOpen'> {
  batches: ReadonlySignal<readonly Batch[]>;
  complete: CompleteBatches;
  own: FollowedJobs;
}

/** Pixels, as in batches.css. */
const leastCardWidth = 264;
const gap = 16;
/** Of a card below its picture. */
const cardText = 164;
const headHeight = 132;

/** Everything that the visitor has sent, the newest batch first. Only what can be seen is in the document. */
export function BatchList({ batches, complete, own, ...rest }: BatchListProps) {
  const list = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const width = useWidth(list);
  const columns = Math.max(1, Math.floor((width + gap) / (leastCardWidth + gap)));
  const cardWidth = (width - gap * (columns - 1)) / columns;
  const known = batches.value;
  const rows = useMemo(
    () => batchRows(known, columns, (batch) => complete.has(batch)),
    [known, columns, known.every((batch) => complete.has(batch))],
  );
  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  const estimate = (index: number) =>
    rows[index]?.kind === 'head' ? headHeight : Math.round(cardWidth * 0.75) + cardText + gap;
  const virtual = useVirtualRows({ list, keys, estimate, drawnFor: cardWidth });
  const saysModel = useMemo(() => known.find(usesBuiltInModel)?.key, [known]);
  // The pressed button goes with what it deleted, so keyboard focus moves to the heading.
  const onGone = () => heading.current?.focus();

  return (
    <section class="results" aria-labelledby="results-title">
      <header class="results-head">
        <h2 id="results-title" tabIndex={-1} ref={heading}>
          Results
        </h2>
        <ConnectionNote state={own.stream} />
      </header>
      {own.problem.value && (
        <p class="notice" role="alert">
          {own.problem.value}
        </p>
      )}
      <div class="batch-rows" ref={list} style={{ height: `${virtual.height}px` }}>
        {virtual.shown.map(({ key, index, top }) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={key}
                class="batch-row"
                data-row={row.key}
                ref={virtual.measure}
                style={{ transform: `translateY(${top}px)` }}
              >
                <Row
                  row={row}
                  columns={columns}
                  cardWidth={Math.round(cardWidth)}
                  saysModel={saysModel === row.batch.key}
                  onGone={onGone}
                  {...rest}
                />
              </div>
            )
          );
        })}
      </div>
      {own.cursor.value !== null && (
        <button type="button" class="button more" onClick={() => void own.loadEarlier()}>
          Show earlier results
        </button>
      )}
    </section>
  );
}

type RowProps = Omit<BatchHeadProps, 'batch'> & { row: BatchRow; columns: number; cardWidth: number };

function Row({ row, columns, cardWidth, saysModel, ...rest }: RowProps) {
  return useMemo(() => {
    const { batch } = row;
    if (row.kind === 'head') return <BatchHead batch={batch} saysModel={saysModel} {...rest} />;
    return (
      <ul class="cards" style={{ '--columns': columns }} aria-label={batch.name}>
        {row.pictures.map((picture, place) => (
          <li
            key={picture?.key ?? place}
            aria-setsize={batch.pictures.length}
            aria-posinset={row.from + place + 1}
          >
            {picture ? (
              <Card batchKey={batch.key} picture={picture} width={cardWidth} {...rest} />
            ) : (
              <span class="card empty" />
            )}
          </li>
        ))}
      </ul>
    );
  }, [row, columns, cardWidth, saysModel]);
}

/** Drawn again only if something about the picture is new: scrolling moves cards, and changes none. */
function Card(props: PictureCardProps) {
  const { batchKey, picture, width } = props;
  return useMemo(() => <PictureCard {...props} />, [batchKey, picture, width]);
}

function usesBuiltInModel({ pictures }: Batch): boolean {
  return pictures.some(({ results }) => results.some(({ job }) => job?.result?.model?.builtIn));
}

/** Pixels of an element; of a wide window until it is there. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(1_200);
  useLayoutEffect(() => setWidth(element.current?.clientWidth ?? 1_200), [element]);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
