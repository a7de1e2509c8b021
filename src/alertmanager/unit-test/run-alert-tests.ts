import type { Alert } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import type { Alertmanager } from '../alertmanager.ts'
import { parseMatchers } from '../matchers/parse-matchers.ts'
import type { AlertTest, AlertTestStep } from './alert-test-schema.ts'
import { compareNotifications, type SentNotification } from './compare-notifications.ts'

/** An Alertmanager of its own, on a clock that moves only when it is told to. */
export interface AlertTestWorld {
  readonly manager: Alertmanager
  now(): number
  advance(byMs: number): Promise<void>
  /** What has been sent up to now. */
  sent(): Promise<readonly SentNotification[]>
  close(): Promise<void>
}

/** A Monday, 00:00:00 UTC. */
export const DEFAULT_START = Date.parse('2026-01-05T00:00:00Z')

/** Long after the end of any test. */
const NEVER_MS = 100 * 365 * 24 * 3_600_000

/** What is not as the test expects it, a line each. */
export async function runAlertTest(test: AlertTest, open: (startTime: number) => Promise<AlertTestWorld>): Promise<readonly string[]> {
  const startTime = test.start ?? DEFAULT_START
  const { steps = [], notifications = [] } = test
  const untilMs = test.for ?? Math.max(...[...steps, ...notifications].map(({ at }) => at!))
  const world = await open(startTime)
  const actor = new Actor(world)
  try {
    for (const step of [...steps].sort((a, b) => a.at! - b.at!)) {
      await world.advance(startTime + step.at! - world.now())
      await actor.act(step)
    }
    await world.advance(startTime + untilMs - world.now())
    return [...actor.problems, ...compareNotifications(notifications, await world.sent())]
  } finally {
    await world.close()
  }
}

/** Does what steps say. */
class Actor {
  readonly problems: string[] = []
  readonly #world: AlertTestWorld
  readonly #firing = new Map<string, Alert>()
  /** IDs by the names that the test gives. */
  readonly #silences = new Map<string, string>()

  constructor(world: AlertTestWorld) {
    this.#world = world
  }

  async act({ fire = [], resolve = [], silence = [], expire = [] }: AlertTestStep): Promise<void> {
    const { manager } = this.#world
    const now = this.#world.now()
    for (const { name = '', matchers = [], for: forMs } of silence) {
      const set = matchers.flatMap((text) => parseMatchers(text, 'fallback', () => {}))
      const id = await manager.silences.set({
        id: '',
        matcherSets: [set],
        startsAt: now,
        endsAt: now + forMs!,
        createdBy: 'test',
        comment: name || 'test',
        annotations: new Map(),
      })
      this.#silences.set(name, id)
    }
    for (const name of expire) {
      const id = this.#silences.get(name)
      if (id === undefined) this.problems.push(`there is no silence ${JSON.stringify(name)} to expire`)
      else await manager.silences.expire(id)
    }
    const began = fire.map(({ labels, annotations = {}, generator_url: generatorUrl = '', for: forMs = NEVER_MS }): Alert => {
      const alert = {
        labels: Labels.of(labels!),
        annotations: Labels.of(annotations),
        startsAt: now,
        endsAt: now + forMs,
        generatorUrl,
        updatedAt: now,
        hasTimeout: false,
      }
      this.#firing.set(alert.labels.key(), alert)
      return alert
    })
    manager.put([...began, ...resolve.flatMap((labels) => this.#resolved(Labels.of(labels), now))])
  }

  #resolved(labels: Labels, now: number): readonly Alert[] {
    const alert = this.#firing.get(labels.key())
    this.#firing.delete(labels.key())
    if (alert !== undefined) return [{ ...alert, endsAt: now, updatedAt: now }]
    this.problems.push(`there is no alert ${labels} to resolve`)
    return []
  }
}
