const paths = {
  upload: 'M10 13V4m0 0L6.5 7.5M10 4l3.5 3.5M4 13v2.5h12V13',
  download: 'M10 4v9m0 0 3.5-3.5M10 13 6.5 9.5M4 13.5V16h12v-2.5',
  retry: 'M15.5 8A6 6 0 1 0 16 11.5M16 4v4.2h-4.2',
  trash: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 9v4.5M11.4 9v4.5',
  enlarge: 'M8 4H4v4M12 4h4v4M8 16H4v-4M12 16h4v-4',
  close: 'm5 5 10 10M15 5 5 15',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  alert: 'M10 6.5v4.6M10 13.6v.2M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  more: 'm6 8 4 4 4-4',
} as const;

export type IconName = keyof typeof paths;

/** A line drawing beside words; it says nothing that the words do not. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
