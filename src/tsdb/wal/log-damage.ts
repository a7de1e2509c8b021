import { crc32c } from '../../base/crc32c.ts'
import type { Env, File } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import type { Damage } from './scan-segment.ts'

export interface LogDamage extends Damage {
  readonly segment: number
  /** Where the bytes were copied to; undefined for a torn tail and where nothing is to copy. */
  readonly quarantine: string | undefined
  /** An earlier start has reported it already. */
  readonly known: boolean
}

/** What is counted of damage. */
export interface DamageReport {
  /** The first `DAMAGES_MAX` places. */
  readonly damages: LogDamage[]
  /** Places with damage, known ones and torn tails not counted. */
  corruptions: number
}

const DAMAGES_MAX = 1000

/** Copies damage in a segment to the directory, cuts it off at the end of the file, and says so in the log and the report. */
export async function setDamageAside(
  { fs, log }: Pick<Env, 'fs' | 'log'>,
  file: File,
  number: number,
  damage: Damage,
  quarantineDir: string,
  report: DamageReport,
): Promise<void> {
  let quarantine: string | undefined
  let known = false
  try {
    if (!damage.torn && damage.sizeBytes > 0) {
      const place = await placeFor(fs, file, damage, `${quarantineDir}/${String(number).padStart(8, '0')}-${damage.offset}`)
      quarantine = place.path
      known = place.isThere
    }
    if (quarantine !== undefined && !known) {
      await fs.mkdir(quarantineDir)
      await copyPart(fs, file, damage, quarantine)
    }
    if (damage.atEnd) await file.truncate(damage.offset)
  } catch (error) {
    // It stays where it is, for the next start; what comes after it is read all the same.
    log.error('damage in log segment not set aside', { segment: number, offset: damage.offset, error: errorMessage(error) })
    quarantine = undefined
  }
  if (report.damages.length < DAMAGES_MAX) report.damages.push({ ...damage, segment: number, quarantine, known })
  const fields = {
    segment: number,
    offset: damage.offset,
    sizeBytes: damage.sizeBytes,
    reason: damage.reason,
    wantChecksum: hex(damage.want),
    gotChecksum: hex(damage.got),
    recordsLost: damage.recordsLost,
  }
  if (damage.torn) log.info('torn end of log segment cut off', fields)
  else if (known) log.info('known damage in log segment skipped', fields)
  else {
    report.corruptions++
    log.warn('damage in log segment quarantined', { ...fields, quarantine })
  }
}

const COPY_BYTES = 64 * 1024

/**
 * Where damage is copied to, and whether it is there already. When a log has begun anew, another damage may have been at the same place of a
 * segment of the same number: it stays.
 */
async function placeFor(
  fs: Env['fs'],
  from: File,
  damage: Damage,
  stem: string,
): Promise<{ readonly path: string; readonly isThere: boolean }> {
  for (let n = 1; ; n++) {
    const path = n === 1 ? `${stem}.bin` : `${stem}-${n}.bin`
    const stat = await fs.stat(path)
    if (stat === null) return { path, isThere: false }
    if (stat.sizeBytes === damage.sizeBytes && (await isSame(fs, from, damage, path))) return { path, isThere: true }
  }
}

async function isSame(fs: Env['fs'], from: File, { offset, sizeBytes }: Damage, path: string): Promise<boolean> {
  const other = await fs.open(path, 'read')
  try {
    const [ours, theirs] = [new Uint8Array(COPY_BYTES), new Uint8Array(COPY_BYTES)]
    for (let done = 0; done < sizeBytes; ) {
      const wanted = Math.min(COPY_BYTES, sizeBytes - done)
      const read = await from.readAll([ours.subarray(0, wanted)], offset + done)
      const found = await other.readAll([theirs.subarray(0, wanted)], done)
      if (read !== found || crc32c(ours, 0, read) !== crc32c(theirs, 0, found)) return false
      if (read === 0) break
      done += read
    }
    return true
  } finally {
    await other.close()
  }
}

/** Copies damage to a file of its own, which is there only when it is whole. */
async function copyPart(fs: Env['fs'], from: File, damage: Damage, path: string): Promise<void> {
  const besides = `${path}.tmp`
  await fs.remove(besides)
  const to = await fs.open(besides, 'create')
  try {
    const bytes = new Uint8Array(COPY_BYTES)
    for (let done = 0; done < damage.sizeBytes; ) {
      const read = await from.read(bytes.subarray(0, Math.min(bytes.length, damage.sizeBytes - done)), damage.offset + done)
      if (read === 0) break
      await to.write([bytes.subarray(0, read)], done)
      done += read
    }
    await to.sync()
  } finally {
    await to.close()
  }
  await fs.rename(besides, path)
  await fs.syncDir(directoryOf(path))
}

function hex(checksum: number | undefined): string | undefined {
  return checksum === undefined ? undefined : checksum.toString(16).padStart(8, '0')
}
