import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { server } from './server.ts'

interface ReceiverSelectProps {
  /** As the address has it; empty: all. */
  readonly receiver: string
  readonly onChange: (receiver: string) => void
}

/** Which receiver; one that an address names and the configuration does not stays choosable. */
export function ReceiverSelect({ receiver, onChange }: ReceiverSelectProps) {
  const names = useReceivers() ?? []
  const all = receiver === '' || names.includes(receiver) ? names : [...names, receiver]
  return (
    <NativeSelect
      size="xs"
      aria-label="Receiver"
      value={receiver}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: 'All receivers' }, ...all.map((name) => ({ value: name, label: name }))]}
    />
  )
}

/** Their names, when they are known. */
export function useReceivers(): readonly string[] | undefined {
  const query = useQuery({ queryKey: ['receivers'], queryFn: ({ signal }) => server.receivers(signal), staleTime: 60_000 })
  return query.data?.data.map(({ name }) => name)
}
