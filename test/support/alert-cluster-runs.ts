// One simulated run of three Alertmanagers each, from a seed: killed and cut off from each other, and one that dies in the middle.
import { seededRandom } from '../../src/base/virtual/random.ts'
import { AlertCluster, GROUP_WAIT_MS, MEMBERS } from './alert-cluster.ts'
import { ALL_TOLD_MS, judge } from './alert-cluster-judge.ts'

const ALERTS = 500
const GROUPS = 50
const ROUNDS = 5
/** Beyond group_wait. */
export const FAIL_OVER_MS_MAX = 30_000

export interface RunCounts {
  notifications: number
  /** Word for word what was told before: on the other side of a partition, and since its sender died before others knew. */
  twiceInPartition: number
  twiceSinceDeath: number
  /** What a member told in a partition that knew less than another, which had told more. */
  parts: number
  /** For a receiver that takes a key once. */
  honouredTwice: number
  /** Found out by members. */
  counted: number
  /** Of which they said that it may have come twice. */
  possible: number
  /** Came again, and nobody can know: see Verdict. */
  unknowable: number
  /** Found out beyond what came again. */
  overcounted: number
  kills: number
  partitions: number
  silences: number
}

/** Kills, restarts, partitions and news by chance; throws when anything is lost, or comes twice without a cause or with another key. */
export async function survives(runSeed: number): Promise<RunCounts> {
  const random = seededRandom(runSeed)
  const cluster = await AlertCluster.start(runSeed)
  const { clock, network } = cluster.world
  const some = <T>(of: readonly T[]) => of[Math.floor(random.next() * of.length)]
  const fail = (why: string): never => {
    throw new Error(`seed ${runSeed}: ${why}`)
  }
  network.datagramLoss = random.next() < 0.5 ? 0 : 0.05
  await clock.advance(12_000)

  const silences = new Map<string, string>()
  const silence = async (group: string) => {
    const made = cluster.silenceGroup(some(cluster.living), group, group)
    await clock.advance(1)
    silences.set(await made, group)
  }
  await silence('silenced')
  await clock.advance(1000)
  for (const i of cluster.living)
    if (cluster.members[i]!.manager.silences.all().length !== 1) fail(`the silence is not at member ${i} within a second`)

  let made = 0
  const fireMany = (alertCount: number) => {
    for (const end = made + alertCount; made < end; made++)
      cluster.fire(`alert-${made}`, made % GROUPS === 0 ? 'silenced' : `group-${made % GROUPS}`)
    cluster.send()
  }
  fireMany(ALERTS)
  for (let round = 0; round < ROUNDS; round++) {
    await clock.advance(random.next() * 20_000)
    const act = random.next()
    if (act < 0.4) {
      // Two of three, not at the same time.
      const [first, second] = [some(cluster.living), some(cluster.living)]
      for (const i of new Set([first, second])) {
        if (cluster.living.length === 1) continue
        cluster.kill(i, { losesPower: random.next() < 0.5 })
        await clock.advance(random.next() * 5000)
      }
    } else if (act < 0.6) {
      // Who notifies next dies with it: before the answer, between the answer and the spread of its log, or after.
      const afterMs = random.next() * 400
      cluster.onHeard = ({ from }) => {
        cluster.onHeard = () => {}
        clock.setTimer(afterMs, () => {
          if (cluster.living.length > 1) cluster.kill(from, { losesPower: random.next() < 0.5 })
        })
      }
    } else if (act < 0.9) cluster.isolate(Math.floor(random.next() * MEMBERS))
    await clock.advance(random.next() * 5000)
    if (random.next() < 0.5) fireMany(Math.floor(random.next() * 20))
    if (random.next() < 0.5) for (let k = 0; k < 5; k++) cluster.resolve(`alert-${Math.floor(random.next() * made)}`)
    if (random.next() < 0.5) await silence(`quiet-${round}`)
    await clock.advance(random.next() * 60_000)
    for (let i = 0; i < MEMBERS; i++) if (cluster.members[i] === undefined) await cluster.startMember(i)
    await clock.advance(random.next() * 30_000)
    cluster.heal()
  }
  // A death that was still to come: what only that member knows is on its disk, and everybody's when it is back.
  cluster.onHeard = () => {}
  await clock.advance(1000)
  for (let i = 0; i < MEMBERS; i++) if (cluster.members[i] === undefined) await cluster.startMember(i)
  await clock.advance(ALL_TOLD_MS)

  const verdict = judge(cluster, new Set(['silenced']))
  if (verdict.lost.length > 0) fail(`${verdict.lost.length} lost: ${verdict.lost.slice(0, 3).join('; ')}`)
  for (const i of cluster.living) {
    const there = new Set(cluster.members[i]!.manager.silences.all().map(({ id }) => id))
    for (const [id, group] of silences) if (!there.has(id)) fail(`the silence of ${group} is not at member ${i}`)
  }
  const { known, possible } = await cluster.duplicatesCounted()
  const counts: RunCounts = {
    notifications: cluster.heard.length,
    twiceInPartition: 0,
    twiceSinceDeath: 0,
    parts: 0,
    honouredTwice: verdict.honouredTwice,
    counted: known,
    possible,
    unknowable: verdict.unknowable,
    overcounted: verdict.overcounted,
    kills: cluster.kills.length,
    partitions: cluster.partitions.length,
    silences: silences.size,
  }
  for (const { heard, first, cause, isSame, hasSameKey } of verdict.duplicates) {
    const what = `${heard.group} at ${heard.time} by member ${heard.from}, first at ${first.time} by member ${first.from}`
    if (cause === 'none') fail(`came twice without a cause: ${what}`)
    if (isSame && !hasSameKey) fail(`came twice with another key: ${what}`)
    if (!isSame) counts.parts++
    else if (cause === 'partition') counts.twiceInPartition++
    else counts.twiceSinceDeath++
  }
  if (verdict.unnoticed.length > 0)
    fail(`${verdict.unnoticed.length} keys came again unnoticed: ${verdict.unnoticed.slice(0, 3).join('; ')}`)
  if (verdict.honouredTwice > 0) fail(`${verdict.honouredTwice} came twice for a receiver that takes a key once`)
  return counts
}

/** The member that would notify first dies between having the alerts and notifying: how long after group_wait the last notification came. */
export async function failsOver(runSeed: number): Promise<number> {
  const random = seededRandom(runSeed)
  const cluster = await AlertCluster.start(runSeed)
  const { clock } = cluster.world
  await clock.advance(15_000)
  const start = cluster.now
  for (let k = 0; k < 10; k++) cluster.fire(`alert-${k}`, `group-${k}`)
  cluster.send()
  await clock.advance(random.next() * GROUP_WAIT_MS)
  cluster.kill(0, { losesPower: false })
  await clock.advance(GROUP_WAIT_MS + FAIL_OVER_MS_MAX)
  const times = Array.from({ length: 10 }, (_, k) => cluster.heard.find(({ group }) => group === `group-${k}`)?.time)
  const lateMs = Math.max(...times.map((time) => (time ?? Number.POSITIVE_INFINITY) - start - GROUP_WAIT_MS))
  if (lateMs > FAIL_OVER_MS_MAX)
    throw new Error(`seed ${runSeed}: a notification came ${lateMs} ms after group_wait, want ${FAIL_OVER_MS_MAX}`)
  return lateMs
}
