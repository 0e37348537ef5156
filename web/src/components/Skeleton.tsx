interface SkeletonProps {
  /** Lines of text that are awaited. */
  lines: number;
  /** What is awaited, for people who do not see the page. */
  label?: string;
}

/** Keeps the place of what is loading, so that nothing is shown as empty and nothing moves when it comes. */
export function Skeleton({ lines, label = 'Loading …' }: SkeletonProps) {
  return (
    <div class="skeleton-lines" role="status">
      <span class="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
