/** Which lines of a graph are shown: all, only these, or all but these. Lines are known by their series' name. */
export type Shown = { readonly kind: 'all' } | { readonly kind: 'only' | 'except'; readonly names: ReadonlySet<string> }

export const allShown: Shown = { kind: 'all' }

export function isShown(shown: Shown, name: string): boolean {
  if (shown.kind === 'all') return true
  return (shown.kind === 'only') === shown.names.has(name)
}

/** What a plain click does: shows this line alone, or all again when it already is alone. */
export function isolate(shown: Shown, name: string): Shown {
  return shown.kind === 'only' && shown.names.size === 1 && shown.names.has(name) ? allShown : { kind: 'only', names: new Set([name]) }
}

/** What a click with Ctrl, Command or Shift does: hides this line, or shows it again, and leaves the others. */
export function toggle(shown: Shown, name: string): Shown {
  if (shown.kind === 'all') return { kind: 'except', names: new Set([name]) }
  const names = new Set(shown.names)
  if (!names.delete(name)) names.add(name)
  return names.size === 0 ? allShown : { kind: shown.kind, names }
}
