/**
 * `$name` and `${name}` replaced by environment variables, `$$` by a dollar sign; a variable that is not set is empty and
 * reported. Source: Go os.Expand, which upstream applies to the values of external_labels and nothing else.
 */
export function expandVariables(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
  missing: (name: string) => void,
): string {
  return text.replace(
    /\$(?:\{([^}]*)\}|([*#$@!?0-9-])|([a-zA-Z_][a-zA-Z0-9_]*))/g,
    (_, braced?: string, special?: string, plain?: string) => {
      const name = braced ?? special ?? plain ?? ''
      if (name === '$') return '$'
      const value = variables[name] ?? ''
      if (value === '' && name !== '') missing(name)
      return value
    },
  )
}
