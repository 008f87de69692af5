import { syntax, texts } from './code.ts'
import { arguedDependencies, links } from './documents.ts'
import { folderCycles } from './folders.ts'
import { cycles, directions, privateStores, pureWorkflow, resolvable } from './imports.ts'
import { rowLevelSecurity, sqlCase } from './migrations.ts'
import { declaredNames, paths } from './names.ts'
import { documentedProblems, testedOperations } from './registry.ts'
import type { Rule } from './rule.ts'
import { fileSizes, functionSizes, lineLengths, typicalSize } from './sizes.ts'
import { smallFiles } from './small-files.ts'
import { uniqueTypeNames } from './type-names.ts'

export const rules: readonly Rule[] = [
  fileSizes,
  typicalSize,
  functionSizes,
  smallFiles,
  lineLengths,
  directions,
  cycles,
  folderCycles,
  privateStores,
  pureWorkflow,
  resolvable,
  declaredNames,
  uniqueTypeNames,
  paths,
  syntax,
  texts,
  rowLevelSecurity,
  sqlCase,
  testedOperations,
  documentedProblems,
  links,
  arguedDependencies,
]
