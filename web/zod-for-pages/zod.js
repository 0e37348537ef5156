import * as core from 'zod/v4/core';
import en from 'zod/v4/locales/en.js';

/**
 * What pages load in place of `zod`: the same schemas over zod's own core, with the methods alone that schemas of pages
 * use. zod's own classes have every method and every format, which no bundler can leave out: three times the code. The
 * constructors have zod's names, so that `instanceof` knows the schemas of either.
 * @see https://zod.dev/packages/core for building on zod's core
 */

core.config(en());

const realError = core.$constructor(
  'ZodError',
  (inst, issues) => core.$ZodError.init(inst, issues),
  undefined,
  {
    Parent: Error,
  },
);
const parse = core._parse(realError);
export const safeParse = core._safeParse(realError);

export const ZodType = core.$constructor(
  'ZodType',
  (inst, def) => {
    core.$ZodType.init(inst, def);
    inst.def = def;
    inst.type = def.type;
  },
  {
    parse(data, params) {
      return parse(this, data, params, { callee: this.parse });
    },
    safeParse(data, params) {
      return safeParse(this, data, params);
    },
    check(...checks) {
      const added = checks.map((each) =>
        typeof each === 'function' ? { _zod: { check: each, def: { check: 'custom' }, onattach: [] } } : each,
      );
      const { def } = this;
      return this.clone(core.util.mergeDefs(def, { checks: [...(def.checks ?? []), ...added] }), {
        parent: true,
      });
    },
    clone(def, params) {
      return core.clone(this, def, params);
    },
    refine(test, params) {
      return this.check(core._refine(ZodCustom, test, params));
    },
    superRefine(test, params) {
      return this.check(core._superRefine(test, params));
    },
    optional() {
      return new ZodOptional({ type: 'optional', innerType: this });
    },
    nullable() {
      return new ZodNullable({ type: 'nullable', innerType: this });
    },
    nullish() {
      return this.nullable().optional();
    },
    array() {
      return array(this);
    },
    or(other) {
      return union([this, other]);
    },
    transform(change) {
      return this.pipe(new ZodTransform({ type: 'transform', transform: change }));
    },
    pipe(out) {
      return new ZodPipe({ type: 'pipe', in: this, out });
    },
    default(value) {
      return withFallback(ZodDefault, 'default', this, value);
    },
    prefault(value) {
      return withFallback(ZodPrefault, 'prefault', this, value);
    },
    catch(value) {
      return new ZodCatch({
        type: 'catch',
        innerType: this,
        catchValue: typeof value === 'function' ? value : () => value,
      });
    },
    describe(description) {
      return this.meta({ description });
    },
    meta(data) {
      if (data === undefined) return core.globalRegistry.get(this);
      const copy = this.clone();
      core.globalRegistry.add(copy, data);
      return copy;
    },
  },
);

/** A default is made anew for each value that lacks one. */
function withFallback(Constructor, type, innerType, value) {
  return new Constructor({
    type,
    innerType,
    get defaultValue() {
      return typeof value === 'function' ? value() : core.util.shallowClone(value);
    },
  });
}

/** A constructor of schemas over one of the core's. */
function schemaOf(name, base, members = {}, more = () => {}) {
  return core.$constructor(
    name,
    (inst, def) => {
      base.init(inst, def);
      ZodType.init(inst, def);
      more(inst, def);
    },
    members,
  );
}

const unwrapped = {
  unwrap() {
    return this._zod.def.innerType;
  },
};
const ofLength = {
  min(length, params) {
    return this.check(core._minLength(length, params));
  },
  max(length, params) {
    return this.check(core._maxLength(length, params));
  },
  length(length, params) {
    return this.check(core._length(length, params));
  },
};
const ofText = {
  ...ofLength,
  regex(...args) {
    return this.check(core._regex(...args));
  },
  trim() {
    return this.check(core._trim());
  },
  toLowerCase() {
    return this.check(core._toLowerCase());
  },
};
const ofOrder = {
  min(value, params) {
    return this.check(core._gte(value, params));
  },
  max(value, params) {
    return this.check(core._lte(value, params));
  },
};
const ofNumber = {
  ...ofOrder,
  int(params) {
    return this.check(int(params));
  },
  positive(params) {
    return this.check(core._gt(0, params));
  },
};
const ofObject = {
  extend(shape) {
    return core.util.extend(this, shape);
  },
  pick(mask) {
    return core.util.pick(this, mask);
  },
  omit(mask) {
    return core.util.omit(this, mask);
  },
  partial(mask) {
    return core.util.partial(ZodOptional, this, mask);
  },
  strict() {
    return this.clone(core.util.mergeDefs(this._zod.def, { catchall: core._never(ZodNever) }));
  },
};

export const ZodString = schemaOf('ZodString', core.$ZodString, ofText);
const ZodUUID = schemaOf('ZodUUID', core.$ZodUUID, ofText);
const ZodURL = schemaOf('ZodURL', core.$ZodURL, ofText);
const ZodISODateTime = schemaOf('ZodISODateTime', core.$ZodISODateTime, ofText);
const ZodNumber = schemaOf('ZodNumber', core.$ZodNumber, ofNumber);
const ZodNumberFormat = schemaOf('ZodNumberFormat', core.$ZodNumberFormat, ofNumber);
const ZodBoolean = schemaOf('ZodBoolean', core.$ZodBoolean);
const ZodDate = schemaOf('ZodDate', core.$ZodDate, ofOrder);
const ZodUnknown = schemaOf('ZodUnknown', core.$ZodUnknown);
export const ZodNever = schemaOf('ZodNever', core.$ZodNever);
const ZodLiteral = schemaOf('ZodLiteral', core.$ZodLiteral);
const ZodEnum = schemaOf('ZodEnum', core.$ZodEnum, {}, (inst, def) => {
  inst.enum = def.entries;
  inst.options = [...inst._zod.values];
});
const ZodArray = schemaOf('ZodArray', core.$ZodArray, ofLength, (inst, def) => {
  inst.element = def.element;
});
const ZodTuple = schemaOf('ZodTuple', core.$ZodTuple);
const ZodRecord = schemaOf('ZodRecord', core.$ZodRecord);
export const ZodObject = schemaOf('ZodObject', core.$ZodObject, ofObject, (inst) => {
  core.util.installLazyProp(inst, 'shape', (self) => self._zod.def.shape, false);
});
const ZodUnion = schemaOf('ZodUnion', core.$ZodUnion, {}, (inst, def) => {
  inst.options = def.options;
});
const ZodDiscriminatedUnion = schemaOf(
  'ZodDiscriminatedUnion',
  core.$ZodDiscriminatedUnion,
  {},
  (inst, def) => {
    inst.options = def.options;
  },
);
const ZodOptional = schemaOf('ZodOptional', core.$ZodOptional, unwrapped);
const ZodNullable = schemaOf('ZodNullable', core.$ZodNullable, unwrapped);
const ZodDefault = schemaOf('ZodDefault', core.$ZodDefault, unwrapped);
const ZodPrefault = schemaOf('ZodPrefault', core.$ZodPrefault, unwrapped);
const ZodCatch = schemaOf('ZodCatch', core.$ZodCatch, unwrapped);
const ZodTransform = schemaOf('ZodTransform', core.$ZodTransform);
const ZodPipe = schemaOf('ZodPipe', core.$ZodPipe);
const ZodCustom = schemaOf('ZodCustom', core.$ZodCustom);

export const string = (params) => core._string(ZodString, params);
export const uuid = (params) => core._uuid(ZodUUID, params);
export const url = (params) => core._url(ZodURL, params);
export const number = (params) => core._number(ZodNumber, params);
export const int = (params) => core._int(ZodNumberFormat, params);
export const boolean = (params) => core._boolean(ZodBoolean, params);
export const date = (params) => core._date(ZodDate, params);
export const unknown = () => core._unknown(ZodUnknown);
export const literal = (value, params) => core._literal(ZodLiteral, value, params);
export const array = (element, params) => core._array(ZodArray, element, params);
export const custom = (test, params) => core._custom(ZodCustom, test ?? (() => true), params);
export const config = core.config;
export const iso = { datetime: (params) => core._isoDateTime(ZodISODateTime, params) };
export const coerce = {
  date: (params) => core._coercedDate(ZodDate, params),
  number: (params) => core._coercedNumber(ZodNumber, params),
};

export function object(shape, params) {
  return new ZodObject({ type: 'object', shape, ...core.util.normalizeParams(params) });
}

export function strictObject(shape, params) {
  return new ZodObject({
    type: 'object',
    shape,
    catchall: core._never(ZodNever),
    ...core.util.normalizeParams(params),
  });
}

function enumOf(values, params) {
  const entries = Array.isArray(values) ? Object.fromEntries(values.map((value) => [value, value])) : values;
  return new ZodEnum({ type: 'enum', entries, ...core.util.normalizeParams(params) });
}

export function record(keyType, valueType, params) {
  return new ZodRecord({ type: 'record', keyType, valueType, ...core.util.normalizeParams(params) });
}

export function partialRecord(keyType, valueType, params) {
  return new ZodRecord({
    type: 'record',
    keyType,
    valueType,
    ...core.util.normalizeParams(params),
    partial: true,
  });
}

export function tuple(items, params) {
  return new ZodTuple({ type: 'tuple', items, rest: null, ...core.util.normalizeParams(params) });
}

export function union(options, params) {
  return new ZodUnion({ type: 'union', options, ...core.util.normalizeParams(params) });
}

export function discriminatedUnion(discriminator, options, params) {
  return new ZodDiscriminatedUnion({
    type: 'union',
    options,
    discriminator,
    ...core.util.normalizeParams(params),
  });
}

/** Values of a class, for schemas that no page checks anything with but whose modules it loads. */
function instanceOf(Class) {
  return custom((value) => value instanceof Class);
}

export function toJSONSchema() {
  throw new Error('Pages have no generator of JSON schemas.');
}

// Names that are reserved words.
export { enumOf as enum, instanceOf as instanceof };
