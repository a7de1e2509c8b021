import { type Collector, linesOf, NoDataError, parseNumber } from '../collector.ts'

interface Stall {
  readonly resource: string
  readonly kind: 'some' | 'full'
  readonly family: string
  readonly help: string
}

const STALLS: readonly Stall[] = [
  {
    resource: 'cpu',
    kind: 'some',
    family: 'node_pressure_cpu_waiting_seconds_total',
    help: 'Seconds in which tasks waited for a processor.',
  },
  { resource: 'io', kind: 'some', family: 'node_pressure_io_waiting_seconds_total', help: 'Seconds in which tasks waited for I/O.' },
  { resource: 'io', kind: 'full', family: 'node_pressure_io_stalled_seconds_total', help: 'Seconds in which all tasks waited for I/O.' },
  {
    resource: 'memory',
    kind: 'some',
    family: 'node_pressure_memory_waiting_seconds_total',
    help: 'Seconds in which tasks waited for memory.',
  },
  {
    resource: 'memory',
    kind: 'full',
    family: 'node_pressure_memory_stalled_seconds_total',
    help: 'Seconds in which all tasks waited for memory.',
  },
  {
    resource: 'irq',
    kind: 'full',
    family: 'node_pressure_irq_stalled_seconds_total',
    help: 'Seconds in which all tasks waited for interrupts to be handled.',
  },
]

/** Pressure stall information. Source: Linux Documentation/accounting/psi.rst; totals there are microseconds. */
export function pressureCollector(): Collector {
  return {
    async collect(page, files) {
      const texts = new Map<string, string | undefined>()
      const resources = [...new Set(STALLS.map((stall) => stall.resource))]
      await Promise.all(resources.map(async (resource) => texts.set(resource, await files.procIfAny(`pressure/${resource}`))))
      if (texts.get('cpu') === undefined) throw new NoDataError('the kernel keeps no pressure stall information')
      for (const { resource, kind, family, help } of STALLS) {
        const line = linesOf(texts.get(resource) ?? '').find((candidate) => candidate.startsWith(`${kind} `))
        if (line === undefined) continue
        const total = line.slice(line.lastIndexOf('total=') + 'total='.length)
        page.single(family, 'counter', help, parseNumber(total, `pressure/${resource}`) / 1e6)
      }
    },
  }
}
