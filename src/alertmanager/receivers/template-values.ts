import { type Plain, parseYamlPlain } from '../../base/yaml-plain.ts'

// Values of the configuration whose texts are templates, names too. What a template gives is read as YAML, so that it may be a number, a
// list, or what `toJson` wrote. Source: Alertmanager template/template.go, DeepCopyWithTemplate.
// What comes out of a template is no template again, as it is upstream: it may be of whoever sent the alert.

/** A value with the results of its templates. Throws a TemplateError. */
export function expandPayload(value: Plain, execute: (template: string) => string): Plain {
  if (typeof value === 'string') return readPlain(execute(value))
  if (Array.isArray(value)) return value.map((item) => expandPayload(item as Plain, execute))
  if (value instanceof Map) return mapped(value, (name, item) => [execute(name), expandPayload(item, execute)])
  return value
}

/** What a text is as YAML, and what its texts are; itself where it is no YAML. */
function readPlain(text: string): Plain {
  const value = parseYamlPlain(text)
  return value === undefined || typeof value === 'string' ? text : inner(value)
}

function inner(value: Plain): Plain {
  if (typeof value === 'string') return readPlain(value)
  if (Array.isArray(value)) return value.map((item) => inner(item as Plain))
  return value instanceof Map ? mapped(value, (name, item) => [name, inner(item)]) : value
}

/** In the order in which Go writes maps. */
function mapped(entries: ReadonlyMap<string, Plain>, each: (name: string, item: Plain) => [string, Plain]): Plain {
  return new Map([...entries].map(([name, item]) => each(name, item)).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
}
