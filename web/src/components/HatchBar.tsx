import { formatShare } from '@spillway/core/amounts.ts';

interface HatchBarProps {
  label: string;
  /** 0..1, or null while it is not known. */
  share: number | null;
}

/** Progress as pencil shading: it fills from the left, or wanders while the end is not known. */
export function HatchBar({ label, share }: HatchBarProps) {
  const known = share !== null;
  const value = known ? Math.round(share * 100) : undefined;
  return (
    <div
      class={known ? 'hatch-bar' : 'hatch-bar unknown'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
      aria-valuetext={known ? formatShare(share) : undefined}
    >
      <span class="hatch-fill" style={known ? { transform: `scaleX(${share})` } : undefined} />
    </div>
  );
}
