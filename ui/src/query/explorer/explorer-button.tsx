import { ActionIcon } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'

const MetricExplorer = lazy(async () => ({ default: (await import('./metric-explorer.tsx')).MetricExplorer }))

interface ExplorerButtonProps {
  readonly onPick: (expr: string) => void
}

/** Opens the list of metrics; picking one asks for it. */
export function ExplorerButton({ onPick }: ExplorerButtonProps) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <ActionIcon variant="default" size={36} aria-label="Metric explorer" title="Metric explorer" onClick={() => setOpen(true)}>
        <IconListSearch size={17} stroke={1.7} aria-hidden />
      </ActionIcon>
      {open && (
        <Suspense>
          <MetricExplorer
            onClose={() => setOpen(false)}
            onPick={(expr) => {
              setOpen(false)
              onPick(expr)
            }}
          />
        </Suspense>
      )}
    </>
  )
}
