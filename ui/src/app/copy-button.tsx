import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'

/** Copies a text; undefined: there is none yet. */
export function CopyButton({ text }: { readonly text: string | undefined }) {
  const clipboard = useClipboard()
  return (
    <Button
      size="xs"
      variant="default"
      ml="auto"
      disabled={text === undefined}
      leftSection={clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      onClick={() => clipboard.copy(text)}
    >
      {clipboard.copied ? 'Copied' : 'Copy'}
    </Button>
  )
}
