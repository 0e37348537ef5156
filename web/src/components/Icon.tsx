import { manifestFor } from '../operations/known-operations.ts';

const paths = {
  upload: 'M10 13V4m0 0L6.5 7.5M10 4l3.5 3.5M4 13v2.5h12V13',
  download: 'M10 4v9m0 0 3.5-3.5M10 13 6.5 9.5M4 13.5V16h12v-2.5',
  retry: 'M15.5 8A6 6 0 1 0 16 11.5M16 4v4.2h-4.2',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 9v4.5M11.4 9v4.5',
  enlarge: 'M8 4H4v4M12 4h4v4M8 16H4v-4M12 16h4v-4',
  close: 'm5 5 10 10M15 5 5 15',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  alert: 'M10 6.5v4.6M10 13.6v.2M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  pause: 'M7.5 7v6M12.5 7v6M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z',
  coins:
    'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12.4 7.6c-.5-.8-1.400-1.100-2.400-1.100-1.400 0-2.400.7-2.400 1.700 0 2.500 4.900 1.100 4.900 3.600 0 1-1.100 1.700-2.500 1.700-1.100 0-2-.4-2.500-1.200M10 5.200v9.600',
  pulse: 'M2.500 10.500h3.500l2-5.500 3.500 10 2-4.500h4',
  sliders: 'M4 6h6M14 6h2M4 14h2M10 14h6M12 4v4M8 12v4',
  moved: 'M3.500 6h9.500m0 0-3-3m3 3-3 3M16.500 14H7m0 0 3 3m-3-3 3-3',
  more: 'm6 8 4 4 4-4',
  copy: 'M7.5 7.5H16V16H7.5zM12.5 4.5V4H4v8.5h.5',
  picture: 'M3.5 4.5h13v11h-13zM4 14l3.8-4 3 3 2.2-2 3.5 3.5M12.8 7.7v.1',
} as const;

export type IconName = keyof typeof paths;
export const iconNames = Object.keys(paths) as IconName[];

/** A line drawing beside words. It is hidden from screen readers, because the words say the same. */
export function Icon({ name }: { name: IconName }) {
  return <LineDrawing path={paths[name]} />;
}

/** The line drawing of an operation's manifest. */
export function OperationIcon({ operation }: { operation: string }) {
  return <LineDrawing path={manifestFor(operation)?.icon ?? paths.alert} />;
}

function LineDrawing({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
