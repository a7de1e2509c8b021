// Which names to ask for when a short one is given. Source: resolv.conf(5); miekg/dns clientconfig.go, NameList.

export interface SearchRules {
  readonly domains: readonly string[]
  /** A name with at least this many dots is asked for as it is first. */
  readonly dotsMin: number
}

export function parseResolvConf(text: string): SearchRules {
  let domains: readonly string[] = []
  let dotsMin = 1
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'search') domains = words
    else if (keyword === 'domain') domains = words.slice(0, 1)
    else if (keyword === 'options') {
      for (const word of words) {
        const dots = /^ndots:(\d+)$/.exec(word)
        if (dots !== null) dotsMin = Math.min(Math.max(Number(dots[1]), 0), 15)
      }
    }
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')), dotsMin }
}

/** The names to ask for, one after the other, without the dot at the end. A name that ends in a dot is complete. */
export function searchNames(name: string, { domains, dotsMin }: SearchRules): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const under = domains.map((domain) => (domain === '' ? name : `${name}.${domain}`))
  const dots = name.split('.').length - 1
  return dots >= dotsMin ? [name, ...under] : [...under, name]
}
