/** What a section gives, and the defaults where it gives nothing. */
export function withDefaults<S extends object, D extends object>(
  section: S,
  defaults: D,
): Omit<S, keyof D> & { readonly [K in keyof D]: K extends keyof S ? NonNullable<S[K]> : D[K] } {
  const given = Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined))
  return { ...defaults, ...given } as never
}
