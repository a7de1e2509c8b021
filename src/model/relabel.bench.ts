import { Labels } from './labels.ts'
import { relabel, relabelConfig } from './relabel.ts'

// Series of a typical target through the metric relabeling of a typical job.
const series = Array.from({ length: 1000 }, (_, index) =>
  Labels.of({
    __name__: `http_requests_total_${index % 50}`,
    instance: '10.0.0.1:9100',
    job: 'node',
    handler: `/api/v1/${index}`,
    code: '200',
  }),
)
const cases = {
  'drop by name': [{ sourceLabels: ['__name__'], regex: 'go_.*|process_.*', action: 'drop' as const }],
  'keep a set': [
    {
      sourceLabels: ['__name__'],
      regex: Array.from({ length: 50 }, (_, i) => `http_requests_total_${i}`).join('|'),
      action: 'keep' as const,
    },
  ],
  'replace with a group': [{ sourceLabels: ['handler'], regex: '/api/v1/(.+)', targetLabel: 'path', replacement: '$1' }],
  hashmod: [{ sourceLabels: ['instance', 'handler'], targetLabel: 'shard', modulus: 16, action: 'hashmod' as const }],
  labelmap: [{ regex: 'ins(.+)', replacement: 'x_$1', action: 'labelmap' as const }],
}
for (const [name, steps] of Object.entries(cases)) {
  const configs = steps.map(relabelConfig)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 20; round++) {
    const start = performance.now()
    for (const labels of series) relabel(labels, configs)
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${name}: ${((best / series.length) * 1e6).toFixed(0)} ns a series`)
}
