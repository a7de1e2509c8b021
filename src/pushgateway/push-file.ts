import type { Breather } from '../base/breather.ts'
import type { FileSystem } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { replaceFile } from '../base/files.ts'
import { protobufFamilies } from '../exposition/protobuf-families.ts'
import { protobufFamily } from '../exposition/protobuf-writer.ts'
import type { PushedFamily, PushStore } from './push-store.ts'

// What was pushed, as a file: docs/formats/pushgateway.md.

interface FamilyJson {
  readonly time: number
  /** The delimited message, in base64. */
  readonly family: string
}

interface GroupJson {
  readonly labels: Readonly<Record<string, string>>
  readonly families: readonly FamilyJson[]
}

const VERSION = 1

/** Replaces the file as a whole, with what there is when it is called. */
export async function writePushFile(fs: FileSystem, path: string, store: PushStore, breather: Breather): Promise<void> {
  const groups = store.groups.map(({ labels, families }) => ({ labels, families: [...families.values()] }))
  const parts: Buffer[] = [Buffer.from(`{"version":${VERSION},"groups":[`)]
  for (const [i, { labels, families }] of groups.entries()) {
    parts.push(Buffer.from(`${i === 0 ? '' : ','}{"labels":${JSON.stringify(Object.fromEntries(labels))},"families":[`))
    for (const [j, { time, family }] of families.entries()) {
      const written: FamilyJson = { time, family: Buffer.from(protobufFamily(family)).toString('base64') }
      parts.push(Buffer.from(`${j === 0 ? '' : ','}${JSON.stringify(written)}`))
      if (breather.isDue()) await breather.rest()
    }
    parts.push(Buffer.from(']}'))
  }
  parts.push(Buffer.from(']}'))
  await replaceFile(fs, path, Buffer.concat(parts))
}

/** Puts back what the file has; nothing where there is none. Throws where it is not such a file. */
export async function readPushFile(fs: FileSystem, path: string, store: PushStore): Promise<void> {
  if ((await fs.stat(path)) === null) return
  const text = await fs.readText(path)
  try {
    const { version, groups } = JSON.parse(text) as { readonly version: number; readonly groups: readonly GroupJson[] }
    if (version !== VERSION) throw new CodedError('bad_data', `found version ${version}, want ${VERSION}`)
    for (const { labels, families } of groups) {
      const restored = families.map(
        ({ time, family }): Omit<PushedFamily, 'keys'> => ({ time, family: protobufFamilies(Buffer.from(family, 'base64'))[0] }),
      )
      store.restore(new Map(Object.entries(labels)), restored)
    }
  } catch (cause) {
    throw new CodedError('bad_data', `read ${path}: ${errorMessage(cause)}`, { cause })
  }
}
