import { Document, isScalar, isSeq, visit } from 'yaml'

/** Lists that upstream prints in one line. */
const FLOW_FIELDS = new Set(['source_labels', 'weekdays', 'days_of_month', 'months', 'years'])

/** What YAML 1.1 takes for a number: `1:30` is 90. */
const SEXAGESIMAL = /^[-+]?\d[\d_]*(?::[0-5]?\d)+$/

/** Printed values of a schema in upstream's style. */
export function renderYaml(content: unknown): string {
  // YAML 1.1 decides which texts need quotes, so that upstream's reader takes `no` and `017` for the texts they are.
  const document = new Document(content, { version: '1.1', aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, scalar) {
      // Where both are possible upstream's writer quotes as little as it can; ours otherwise prefers the other quotes.
      if (typeof scalar.value === 'string' && /^(?:[{[][^'\n]*|\.\.\.)$/.test(scalar.value)) scalar.type = 'QUOTE_SINGLE'
    },
    Pair(_, pair) {
      if (!isScalar(pair.key) || !FLOW_FIELDS.has(String(pair.key.value)) || !isSeq(pair.value)) return
      pair.value.flow = true
      // Upstream's writer takes a colon in such a list for more than it is.
      for (const item of pair.value.items)
        if (isScalar(item) && String(item.value).includes(':'))
          item.type = SEXAGESIMAL.test(String(item.value)) ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE'
    },
  })
  return document.toString({ indentSeq: false, lineWidth: 0, flowCollectionPadding: false, directives: false })
}
