import { NativeSelect } from '@mantine/core'

/** How often panels that follow the clock are asked again. */
const refreshChoices = ['off', '2s', '5s', '15s', '1m'] as const
export type Refresh = (typeof refreshChoices)[number]

const periodMs: Readonly<Record<Refresh, number | false>> = { off: false, '2s': 2000, '5s': 5000, '15s': 15_000, '1m': 60_000 }

export function decodeRefresh(text: string | undefined): Refresh {
  return refreshChoices.find((choice) => choice === text) ?? 'off'
}

export function refreshPeriodMs(refresh: Refresh): number | false {
  return periodMs[refresh]
}

interface RefreshSelectProps {
  readonly value: Refresh
  readonly onChange: (value: Refresh) => void
}

export function RefreshSelect({ value, onChange }: RefreshSelectProps) {
  return (
    <NativeSelect
      size="xs"
      w={132}
      aria-label="Refresh automatically"
      value={value}
      data={refreshChoices.map((choice) => ({ value: choice, label: choice === 'off' ? 'Refresh: off' : `Refresh: ${choice}` }))}
      onChange={(event) => onChange(decodeRefresh(event.currentTarget.value))}
    />
  )
}
