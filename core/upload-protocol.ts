/** How the bytes of an upload reach the store. `gcs-resumable`: Cloud Storage's resumable uploads, with its 308s. */
export const uploadProtocols = ['gcs-resumable'] as const;
export type UploadProtocol = (typeof uploadProtocols)[number];
