import { Labels } from '../model/labels.ts'

/** Labels of what a server said. Throws where it said something else than a text. */
export function servedLabels(record: Readonly<Record<string, string>>): Labels {
  for (const [name, value] of Object.entries<unknown>(record))
    if (typeof value !== 'string') throw new TypeError(`label ${name}: found ${JSON.stringify(value)}, want a text`)
  return Labels.of(record)
}
