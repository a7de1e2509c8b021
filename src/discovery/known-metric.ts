import type { Metric, Registry } from 'prom-client'

/** The metric of this name; made when there is none. All discoverers of a process share theirs. */
export function knownMetric<M extends Metric>(
  registry: Registry,
  name: string,
  make: (base: { name: string; registers: Registry[] }) => M,
): M {
  return (registry.getSingleMetric(name) as M | undefined) ?? make({ name, registers: [registry] })
}
