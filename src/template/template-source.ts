/** A text that has templates; errors name it. */
export interface TemplateSource {
  readonly name: string
  readonly text: string
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}
