import type { Timestamp } from '../../model/time.ts'
import { instantQuestion } from '../../promql/evaluate.ts'
import type { Reads } from './read.ts'
import { decodeInstant, type InstantAnswer } from './vector-bytes.ts'

/** Asks for an instant answer to work with, in a query thread where it is much work. Throws what the query throws. */
export async function instantQuery(reads: Reads, query: string, time: Timestamp, signal: AbortSignal): Promise<InstantAnswer> {
  const question = instantQuestion(query, time, {})
  const read = { kind: 'query', question, timeoutMs: undefined, limit: 0, stats: false, form: 'bytes' } as const
  const { body } = await reads.answer(read, { signal, client: undefined })
  return decodeInstant(await wholeBody(body))
}

type Body = Awaited<ReturnType<Reads['answer']>>['body']

async function wholeBody(body: Body): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}
