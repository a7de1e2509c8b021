// Whether the API server can read a selector. Source: kubernetes/apimachinery pkg/labels and pkg/fields, selector.go.

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?'
const KEY = `(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?${NAME}`
const VALUE = `(?:${NAME})?`
const BLANK = '[ \\t\\r\\n]*'
const VALUES = `\\(${BLANK}${VALUE}${BLANK}(?:,${BLANK}${VALUE}${BLANK})*\\)`
const REQUIREMENT = [
  `!?${BLANK}${KEY}`,
  `${KEY}${BLANK}(?:==?|!=)${BLANK}${VALUE}`,
  `${KEY}[ \\t\\r\\n]+(?:in|notin)${BLANK}${VALUES}`,
  `${KEY}${BLANK}[<>]${BLANK}-?\\d+`,
].join('|')
const LABELS = new RegExp(`^${BLANK}(?:(?:${REQUIREMENT})${BLANK}(?:,${BLANK}(?:${REQUIREMENT})${BLANK})*)?$`)

/** What is wrong with a selector of labels, such as `a=b,c!=d,e in (f,g),!h`. */
export function labelSelectorProblem(selector: string): string | undefined {
  return LABELS.test(selector) ? undefined : `found ${JSON.stringify(selector)}, want a label selector such as a=b,c!=d,e in (f,g),!h`
}

/** What is wrong with a selector of fields, such as `a.b=c,d!=e`; in upstream's words. */
export function fieldSelectorProblem(selector: string): string | undefined {
  for (const term of selector.split(/(?<!\\),/)) {
    if (term !== '' && !/(?<!\\)=/.test(term)) return `invalid selector: '${selector}'; can't understand '${term}'`
  }
  return undefined
}
