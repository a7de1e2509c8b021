/** A line of YAML as the server prints it, with the field's name apart: `- ` and spaces, `name`, `: value`. */
export function yamlLine(line: string): { readonly indent: string; readonly key: string; readonly rest: string } {
  const found = /^((?: |- )*)([^\s:'"#][^:]*)(:(?: .*)?)$/.exec(line)
  if (found === null) return { indent: '', key: '', rest: line }
  return { indent: found[1], key: found[2], rest: found[3] }
}
