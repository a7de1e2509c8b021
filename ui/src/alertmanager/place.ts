// Pages and what they show stand behind the `#`, as upstream's do, so that links of its templates land where they should: one document
// serves them all, below any prefix.

/** What the address says behind the `#`. */
export interface Place {
  /** Below no prefix, with the slash in front: `/silences/new`. */
  readonly path: string
  readonly search: Readonly<Record<string, string>>
}

/** Reads `#/silences/new?filter=…`; nothing is the page of alerts. Of what is given twice the last counts. */
export function parsePlace(hash: string): Place {
  const text = hash.replace(/^#/, '')
  const mark = text.indexOf('?')
  const path = mark < 0 ? text : text.slice(0, mark)
  const search = mark < 0 ? {} : Object.fromEntries(new URLSearchParams(text.slice(mark + 1)))
  return { path: path === '' || path === '/' ? '/alerts' : path.replace(/\/+$/, ''), search }
}

/** The link to a place, without what is undefined or empty. */
export function placeHref(path: string, search: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(search).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  return given.length === 0 ? `#${path}` : `#${path}?${new URLSearchParams(given)}`
}
