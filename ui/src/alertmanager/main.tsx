import '../app/mantine.css'
import '../app/base.css'
import '../query/editor/promql.css'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from '../app/query-client.ts'
import { theme } from '../app/theme.ts'
import { AlertmanagerConsole } from './console.tsx'

const colorSchemes = localStorageColorSchemeManager({ key: 'promontory-color-scheme' })
const root = document.getElementById('root')
if (root === null) throw new Error('alertmanager.html has no element #root')

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" colorSchemeManager={colorSchemes}>
      <QueryClientProvider client={queryClient}>
        <AlertmanagerConsole />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
