import { drillSchema, heartbeatSchema } from '../alertmanager/deadman/deadman-schema.ts'
import { globalSchema } from '../alertmanager/global-schema.ts'
import { quote } from '../base/go-quote.ts'
import { list, path, type Report, section } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { checkReceivers, receiverSchema } from './receivers-schema.ts'

/** deadman.yml: its receivers, `global` and `templates` are those of alertmanager.yml. */
export const deadmanSchema = section(
  'deadman.yml',
  {
    global: globalSchema,
    heartbeats: list(heartbeatSchema),
    drills: list(drillSchema),
    receivers: list(receiverSchema),
    templates: list(path()),
  },
  {
    check({ global = {}, heartbeats = [], drills = [], receivers = [] }, report) {
      if (heartbeats.length + drills.length === 0) report([], 'found no heartbeats and no drills, want at least one')
      const names = checkReceivers(receivers, global, (path, message) => report(['receivers', ...path], message))
      checkWatched('heartbeats', heartbeats, names, report)
      checkWatched('drills', drills, names, report)
      const used = new Set([...heartbeats, ...drills].map(({ receiver }) => receiver))
      receivers.forEach(({ name, labels: _, ...entries }, index) => {
        const isEmpty = Object.values(entries).every((list) => !list?.length)
        if (isEmpty && used.has(name)) report(['receivers', index], `receiver ${quote(name!)} has no entries: nobody would be told`)
      })
    },
  },
)

export type DeadmanSection = Output<typeof deadmanSchema>

interface Watched {
  readonly name?: string | undefined
  readonly receiver?: string | undefined
}

function checkWatched(field: 'heartbeats' | 'drills', watched: readonly Watched[], receivers: ReadonlySet<string>, report: Report): void {
  const names = new Set<string>()
  watched.forEach(({ name, receiver }, index) => {
    if (names.has(name!)) report([field, index, 'name'], `the name ${quote(name!)} is not unique`)
    names.add(name!)
    if (!receivers.has(receiver!)) report([field, index, 'receiver'], `undefined receiver ${quote(receiver!)}`)
  })
}
