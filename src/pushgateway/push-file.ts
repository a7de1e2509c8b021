import type { FileSystem } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { replaceFile } from '../base/files.ts'
import { protobufFamilies } from '../exposition/protobuf-families.ts'
import { protobufFamily } from '../exposition/protobuf-writer.ts'
import type { PushedFamily, PushStore } from './push-store.ts'

// What was pushed, as a file: docs/formats/pushgateway.md.

interface GroupJson {
  readonly labels: Readonly<Record<string, string>>
  readonly families: readonly { readonly time: number; readonly family: string }[]
}

const VERSION = 1

/** Replaces the file as a whole. */
export async function writePushFile(fs: FileSystem, path: string, store: PushStore): Promise<void> {
  const groups = store.groups.map(
    ({ labels, families }): GroupJson => ({
      labels: Object.fromEntries(labels),
      families: [...families.values()].map(({ time, family }) => ({
        time,
        family: Buffer.from(protobufFamily(family)).toString('base64'),
      })),
    }),
  )
  await replaceFile(fs, path, Buffer.from(JSON.stringify({ version: VERSION, groups })))
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
        ({ time, family }): PushedFamily => ({ time, family: protobufFamilies(Buffer.from(family, 'base64'))[0] }),
      )
      store.restore(new Map(Object.entries(labels)), restored)
    }
  } catch (cause) {
    throw new CodedError('bad_data', `read ${path}: ${errorMessage(cause)}`, { cause })
  }
}
