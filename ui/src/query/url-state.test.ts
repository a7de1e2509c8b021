import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultPanel, type PanelState } from './panel-state.ts'
import { decodePanels, encodePanels } from './url-state.ts'

test('an address without panels opens one empty panel', () => assert.deepEqual(decodePanels({}), [defaultPanel]))

test('short addresses', () => {
  assert.deepEqual(encodePanels([{ ...defaultPanel, expr: 'up' }]), { 'g0.expr': 'up', 'g0.tab': 'graph', 'g0.range_input': '1h' })
})

test('addresses written by upstream', () => {
  const check = (query: string, want: Partial<PanelState>) =>
    assert.deepEqual(decodePanels(Object.fromEntries(new URLSearchParams(query))), [{ ...defaultPanel, ...want }], query)
  check('g0.expr=up&g0.tab=1', { expr: 'up', tab: 'table' })
  check('g0.expr=up&g0.tab=0&g0.stacked=1&g0.range_input=2d', { expr: 'up', stacked: true, rangeMs: 172_800_000 })
  check('g0.expr=up&g0.tab=graph&g0.show_exemplars=1', { expr: 'up', showExemplars: true })
  check('g0.expr=up&g0.step_input=30', { expr: 'up', resolution: { type: 'fixed', stepMs: 30_000 } })
  check('g0.expr=up&g0.res_type=custom&g0.res_step=0.5', { expr: 'up', resolution: { type: 'fixed', stepMs: 500 } })
  check('g0.expr=up&g0.show_tree=0&g0.res_type=auto&g0.res_density=high', { expr: 'up', resolution: { type: 'auto', density: 'high' } })
  check('g0.expr=up&g0.end_input=2026-11-22 02:07:09&g0.moment_input=2026-11-22 02:07:09', {
    expr: 'up',
    endTime: Date.UTC(2026, 10, 22, 2, 7, 9),
  })
})

test('addresses typed by hand', () => {
  const check = (query: string, want: Partial<PanelState>) =>
    assert.deepEqual(decodePanels(Object.fromEntries(new URLSearchParams(query))), [{ ...defaultPanel, ...want }], query)
  check('expr=up', { expr: 'up' })
  check('expr=up&range=5m&tab=table&step=15&end=1970-01-02T00:00:00Z', {
    expr: 'up',
    rangeMs: 300_000,
    tab: 'table',
    resolution: { type: 'fixed', stepMs: 15_000 },
    endTime: 86_400_000,
  })
})

test('what makes no sense falls back', () => {
  const check = (query: string) =>
    assert.deepEqual(decodePanels(Object.fromEntries(new URLSearchParams(query))), [{ ...defaultPanel, expr: 'up' }], query)
  check('g0.expr=up&g0.range_input=soon')
  check('g0.expr=up&g0.res_type=fixed&g0.res_step=-1')
  check('g0.expr=up&g0.res_type=auto&g0.res_density=dense')
  check('g0.expr=up&g0.end_input=yesterday')
  check('g0.expr=up&g2.expr=skipped')
})

test('decodePanels(encodePanels(panels)) = panels', () => {
  const plain = { noNullPrototype: true }
  const panel: fc.Arbitrary<PanelState> = fc.record(
    {
      expr: fc.string(),
      tab: fc.constantFrom('graph', 'table'),
      rangeMs: fc.integer({ min: 1000, max: 10_000_000_000 }),
      endTime: fc.option(
        fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
        { nil: undefined },
      ),
      resolution: fc.oneof(
        fc.record(
          { type: fc.constant('auto' as const), density: fc.constantFrom('low' as const, 'medium' as const, 'high' as const) },
          plain,
        ),
        fc.record({ type: fc.constant('fixed' as const), stepMs: fc.integer({ min: 1, max: 10_000_000 }) }, plain),
      ),
      stacked: fc.boolean(),
      showExemplars: fc.boolean(),
      histogramLine: fc.constantFrom('count', 'sum', 'average'),
    },
    plain,
  )
  fc.assert(
    fc.property(fc.array(panel, { minLength: 1, maxLength: 4 }), (panels) => {
      const query = new URLSearchParams(encodePanels(panels)).toString()
      assert.deepEqual(decodePanels(Object.fromEntries(new URLSearchParams(query))), panels)
    }),
    { seed: 2026 },
  )
})
