import { ActionIcon, NativeSelect, Switch, TextInput } from '@mantine/core'
import { IconMinus, IconPlus } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { formatDuration, parseDuration } from '../../format/duration.ts'
import { EndTimeInput } from '../end-time-input.tsx'
import type { PanelState, Resolution } from '../panel-state.ts'
import { chooseStep, nextRange, stepChoices } from '../time-window.ts'
import styles from './graph-controls.module.css'
import { useExemplarsStored } from './use-exemplars.ts'

interface GraphControlsProps {
  readonly panel: PanelState
  readonly onChange: (next: PanelState) => void
}

/** Range, end, resolution, stacking and exemplars of a panel's graph. */
export function GraphControls({ panel, onChange }: GraphControlsProps) {
  const { rangeMs, resolution, stacked } = panel
  const exemplarsStored = useExemplarsStored()
  const setRange = (next: number) => onChange({ ...panel, rangeMs: next })
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row in all browsers */}
      <div className={styles.joined} role="group" aria-label="Range">
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Smaller range"
          title="Smaller range"
          onClick={() => setRange(nextRange(rangeMs, 'smaller'))}
        >
          <IconMinus size={14} aria-hidden />
        </ActionIcon>
        <RangeInput rangeMs={rangeMs} onChange={setRange} />
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Larger range"
          title="Larger range"
          onClick={() => setRange(nextRange(rangeMs, 'larger'))}
        >
          <IconPlus size={14} aria-hidden />
        </ActionIcon>
      </div>
      <EndTimeInput endTime={panel.endTime} stepMs={Math.round(rangeMs / 2)} onChange={(endTime) => onChange({ ...panel, endTime })} />
      <NativeSelect
        size="xs"
        w={178}
        aria-label="Resolution"
        value={resolution.type === 'auto' ? resolution.density : String(resolution.stepMs)}
        data={resolutionChoices(panel)}
        onChange={(event) => onChange({ ...panel, resolution: decodeChoice(event.currentTarget.value) })}
      />
      <Switch
        size="xs"
        label="Stacked"
        checked={stacked}
        onChange={(event) => onChange({ ...panel, stacked: event.currentTarget.checked })}
      />
      {exemplarsStored && (
        <Switch
          size="xs"
          label="Show exemplars"
          checked={panel.showExemplars}
          onChange={(event) => onChange({ ...panel, showExemplars: event.currentTarget.checked })}
        />
      )}
    </>
  )
}

interface RangeInputProps {
  readonly rangeMs: number
  readonly onChange: (rangeMs: number) => void
}

/** A duration as text; taken over on Enter or when left, put back when it is none. */
function RangeInput({ rangeMs, onChange }: RangeInputProps) {
  const [text, setText] = useState(formatDuration(rangeMs))
  useEffect(() => setText(formatDuration(rangeMs)), [rangeMs])
  const take = () => {
    const parsed = parseDuration(text)
    if (parsed === undefined || parsed === rangeMs) setText(formatDuration(rangeMs))
    else onChange(parsed)
  }
  return (
    <TextInput
      size="xs"
      w={76}
      classNames={{ input: styles.range }}
      aria-label="Range, such as 30m or 2d"
      error={parseDuration(text) === undefined}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  )
}

function resolutionChoices({ rangeMs, resolution }: PanelState) {
  const step = (density: 'low' | 'medium' | 'high') => formatDuration(chooseStep(rangeMs, { type: 'auto', density }))
  const fixed = new Set<number>(stepChoices)
  if (resolution.type === 'fixed') fixed.add(resolution.stepMs)
  return [
    { group: 'Auto', items: (['low', 'medium', 'high'] as const).map((value) => ({ value, label: `Auto, ${value} (${step(value)})` })) },
    { group: 'Fixed', items: [...fixed].sort((a, b) => a - b).map((ms) => ({ value: String(ms), label: `Every ${formatDuration(ms)}` })) },
  ]
}

function decodeChoice(choice: string): Resolution {
  if (choice === 'low' || choice === 'medium' || choice === 'high') return { type: 'auto', density: choice }
  return { type: 'fixed', stepMs: Number(choice) }
}
