/** What a person calls the file: the last part of an object's name, without the upload's prefix. */
export function displayName(objectName: string): string {
  const name = objectName.slice(objectName.lastIndexOf('/') + 1);
  return name === '' ? objectName : name;
}
