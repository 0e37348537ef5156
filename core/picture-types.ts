/** Every type of picture that Spillway takes, told by a file's content. The only list of them. */
export const pictureTypes = {
  jpeg: { label: 'JPEG', contentType: 'image/jpeg', extensions: ['jpg', 'jpeg'] },
  png: { label: 'PNG', contentType: 'image/png', extensions: ['png'] },
  webp: { label: 'WebP', contentType: 'image/webp', extensions: ['webp'] },
  avif: { label: 'AVIF', contentType: 'image/avif', extensions: ['avif'] },
  heic: { label: 'HEIC', contentType: 'image/heic', extensions: ['heic', 'heif'] },
  gif: { label: 'GIF', contentType: 'image/gif', extensions: ['gif'] },
} as const;
export type PictureType = keyof typeof pictureTypes;
export const pictureTypeNames = Object.keys(pictureTypes) as PictureType[];

/** The types that results are made in, as the option `format` names them. */
export const pictureFormats = ['png', 'jpeg', 'webp'] as const satisfies readonly PictureType[];
export type PictureFormat = (typeof pictureFormats)[number];

/** The extension of a result that is a picture. */
export type PictureExtension = (typeof pictureTypes)[PictureFormat]['extensions'][0];

/** `jpeg` becomes `jpg`. */
export function extensionOf(format: PictureFormat): PictureExtension {
  return pictureTypes[format].extensions[0];
}

/** Content types of result files, by extension. */
export const resultContentTypes = {
  png: pictureTypes.png.contentType,
  jpg: pictureTypes.jpeg.contentType,
  webp: pictureTypes.webp.contentType,
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
} as const satisfies Record<PictureExtension, string> & Record<string, string>;
export type ResultExtension = keyof typeof resultContentTypes;
export const resultExtensions = Object.keys(resultContentTypes) as [ResultExtension, ...ResultExtension[]];

/** The extension of a result of that content type; null for what no operation makes. */
export function resultExtensionOf(contentType: string): ResultExtension | null {
  return resultExtensions.find((extension) => resultContentTypes[extension] === contentType) ?? null;
}

/** `JPEG, PNG and WebP`. */
export function labelsOf(types: readonly PictureType[]): string {
  const labels = types.map((type) => pictureTypes[type].label);
  return labels.length < 2 ? labels.join('') : `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`;
}
