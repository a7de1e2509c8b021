import { CodedError } from '../../base/errors.ts'
import { fieldText, messageFields } from '../../base/message-fields.ts'
import { MessageWriter } from '../../base/message-writer.ts'

// What an entry of a receiver keeps of a group, in the notification log: upstream's map receiver_data, whose values are texts or
// numbers. Receivers of today keep texts. Source: Alertmanager nflog/nflogpb/nflog.proto, ReceiverDataValue.

const NAME = 1
const VALUE = 2
const TEXT = 1

/** The texts among the entries of the map. What cannot be read, from another member, is as if it were not there: who is to be told is told. */
export function readMemory(receiverData: readonly Uint8Array[]): Map<string, string> {
  const memory = new Map<string, string>()
  for (const data of receiverData) {
    try {
      const { name, text } = readText(data)
      if (text !== undefined) memory.set(name, text)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
    }
  }
  return memory
}

function readText(data: Uint8Array): { name: string; text: string | undefined } {
  let name = ''
  let text: string | undefined
  for (const field of messageFields(data)) {
    if (field.number === NAME) name = fieldText(field)
    else if (field.number === VALUE) for (const value of messageFields(field.bytes)) if (value.number === TEXT) text = fieldText(value)
  }
  return { name, text }
}

/** The entries of the map, by name. */
export function writeMemory(memory: ReadonlyMap<string, string>): readonly Uint8Array[] {
  return [...memory]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => {
      const out = new MessageWriter()
      out.text(NAME, name)
      out.message(VALUE, (value) => value.text(TEXT, text))
      return out.bytes
    })
}
