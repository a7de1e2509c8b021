/** A URL, or what was meant to be one, with what stands for a password as `xxxxx`. */
export function redactUrl(text: string): string {
  return text.replace(/^([^/?#]*\/\/)?([^/?#@:]*):[^/?#]*@/, '$1$2:xxxxx@')
}
