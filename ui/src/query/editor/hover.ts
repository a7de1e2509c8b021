import { syntaxTree } from '@codemirror/language'
import { type EditorView, hoverTooltip, type Tooltip } from '@codemirror/view'
import { aggregateOpTerms, functionIdentifierTerms } from '@prometheus-io/codemirror-promql/dist/esm/complete/promql.terms'
import { completionClient } from './completion-client.ts'

interface Explanation {
  readonly name: string
  readonly kind: string
  readonly text: string
}

const words: ReadonlyMap<string, Explanation> = new Map(
  [...functionIdentifierTerms, ...aggregateOpTerms].map(({ label, detail, info }) => [
    label,
    { name: label, kind: detail ?? 'aggregation', text: typeof info === 'string' ? info : '' },
  ]),
)

/** Says what the function, aggregation or metric under the pointer is; metrics from the server's metadata. */
export const promqlHover = hoverTooltip(async (view: EditorView, position: number, side: -1 | 1): Promise<Tooltip | null> => {
  const node = syntaxTree(view.state).resolveInner(position, side)
  if (node.firstChild !== null || node.from === node.to) return null
  const word = view.state.sliceDoc(node.from, node.to)
  if (!/^[a-zA-Z_:][\w:]*$/.test(word)) return null
  const explanation = node.name === 'Identifier' ? await explainMetric(word) : words.get(word)
  if (explanation === undefined) return null
  return { pos: node.from, end: node.to, above: false, create: () => ({ dom: render(explanation) }) }
})

async function explainMetric(name: string): Promise<Explanation | undefined> {
  const metadata = await completionClient.metricMetadata()
  // Histograms and summaries have their metadata under the name without what their series add.
  const found = metadata[name]?.[0] ?? metadata[name.replace(/_(bucket|sum|count|total)$/, '')]?.[0]
  return found === undefined ? undefined : { name, kind: found.type, text: found.help }
}

function render({ name, kind, text }: Explanation): HTMLElement {
  const dom = document.createElement('div')
  dom.className = 'cm-promql-hover'
  const head = document.createElement('div')
  const title = document.createElement('strong')
  title.textContent = name
  const type = document.createElement('em')
  type.textContent = kind
  head.append(title, type)
  const body = document.createElement('div')
  body.textContent = text
  dom.append(head, body)
  return dom
}
