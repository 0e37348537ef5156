import { z } from 'zod';
import type { ModelKind } from '../models.ts';
import type { PictureFormat, PictureType } from '../picture-types.ts';

/**
 * An operation is one manifest. Router, API, page, command line, simulator and heartbeats know an operation from its
 * manifest alone. Its implementation, which handles pixels, is `processing/operations/<name>.ts` for a built-in
 * operation and the module that `implementation` names for a plug-in.
 */
export interface OperationManifest<
  Name extends string = string,
  Options extends z.ZodObject = z.ZodObject,
  Makes extends Product<Options> = Product<Options>,
> {
  /** Lower-case words joined by hyphens. It is the first folder of uploads and results. */
  readonly name: Name;
  readonly words: OperationWords;
  /** The path of a line drawing in a box of 20 by 20, as the attribute `d` of an SVG path. */
  readonly icon: string;
  /** Types of pictures that it takes; a picture of another type is refused before it is decoded. */
  readonly accepts: readonly PictureType[];
  readonly produces: Makes;
  /** Options that an uploader may set. Strict: an unknown key is refused. Every option has a default. */
  readonly options: Options;
  /** Options that most people leave alone: the page folds them away. */
  readonly advancedOptions?: readonly (keyof z.infer<Options> & string)[];
  /** The kind of model that it needs; null where it needs none. */
  readonly model: ModelKind | null;
  /**
   * Milliseconds from the object's `timeCreated` to the result, by the job's class. An objective that is left out for
   * bulk jobs is the one of the routing settings.
   */
  readonly objectiveMs: { readonly interactive: number; readonly bulk?: number };
  /** Service time in milliseconds, download and result included, assumed until workers have seen some. */
  readonly priorServiceMs: { readonly fixed: number; readonly perMegapixel: number };
  /** What a job costs in the simulator. Left out: the prior on both sides, and no share of the simulated jobs. */
  readonly simulated?: SimulatedCost;
  /** A plug-in's implementation: the address of a module whose default export is made by `defineImplementation`. */
  readonly implementation?: URL;
}

export interface OperationWords {
  /** The verb that a person presses, in sentence case. */
  readonly label: string;
  /** What it does, in one sentence. */
  readonly description: string;
  /** What is happening while it runs: a present participle, such as 'Drawing'. */
  readonly activity: string;
  /** What comes out, such as 'Cut-out' in 'Cut-out of cat.jpg'. */
  readonly result: string;
}

/** What an operation makes, and how the page shows it. */
export type Product<Options extends z.ZodObject = z.ZodObject> =
  | PictureProduct<Options>
  | JsonProduct
  | TextProduct;

/** Shown beside its original. */
export interface PictureProduct<Options extends z.ZodObject = z.ZodObject> {
  readonly kind: 'picture';
  /** The first is made unless the option `format`, where there is one, asks for another. */
  readonly formats: readonly [PictureFormat, ...PictureFormat[]];
  /** The result has transparent places when the options have these values; the page then shows what lies behind. */
  readonly transparentWhen?: Partial<z.infer<Options>>;
}

/** A JSON document. */
export interface JsonProduct {
  readonly kind: 'json';
  /** What the document holds: describes it in the API, and a plug-in's result is checked against it. */
  readonly schema?: z.ZodType;
  /** The key of the text that is shown over the picture, and that `--out <name>.txt` writes alone. */
  readonly headline?: string;
  /** Lists of the document that the large view shows. */
  readonly tables?: readonly JsonTable[];
}

export interface JsonTable {
  /** The key of a list of objects. It is shown where it has more than one. */
  readonly key: string;
  readonly title: string;
  readonly columns: readonly {
    readonly key: string;
    readonly label: string;
    /** Decimal places of a number. */
    readonly digits?: number;
    /** What the column means, where its label does not say it all. */
    readonly hint?: string;
  }[];
}

/** Plain text in UTF-8, shown over the picture. */
export interface TextProduct {
  readonly kind: 'text';
}

export interface SimulatedCost {
  /** How long it keeps a slot, on a VM and on Cloud Run. */
  readonly vm: ServiceCost;
  readonly run: ServiceCost;
  /** Its weight in the simulated mix of jobs. */
  readonly share: number;
}

export interface ServiceCost {
  readonly fixedMs: number;
  readonly perMegapixelMs: number;
  /** Sigma of the lognormal factor around that. */
  readonly sigma: number;
}

/**
 * Keeps the literal types of a manifest while checking its shape.
 * @example
 * export default defineOperation({
 *   name: 'thumbnail',
 *   words: { label: 'Thumbnail', description: 'Makes a small copy.', activity: 'Shrinking', result: 'Thumbnail' },
 *   icon: 'M4 4h12v12H4z',
 *   accepts: ['jpeg', 'png'],
 *   produces: { kind: 'picture', formats: ['jpeg'] },
 *   options: z.strictObject({ side: z.int().min(16).max(1_024).default(256) }),
 *   model: null,
 *   objectiveMs: { interactive: 2_000 },
 *   priorServiceMs: { fixed: 80, perMegapixel: 20 },
 *   implementation: new URL('implementation.js', import.meta.url),
 * });
 */
export function defineOperation<
  const Name extends string,
  Options extends z.ZodObject,
  const Makes extends Product<Options>,
>(manifest: OperationManifest<Name, Options, Makes>): OperationManifest<Name, Options, Makes> {
  return manifest;
}

/** The form of an operation's name, in documents as well: they may name one that this program does not have. */
export const operationNameForm = z
  .string()
  .max(40, 'has more than 40 characters')
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'is not made of lower-case letters, digits and single hyphens');
