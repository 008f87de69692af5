import { syntax, texts } from './code.ts'
import { explainedDependencies, links } from './documents.ts'
import { folderCycles } from './folders.ts'
import { cycles, directions, noTestImports, privateStores, pureWorkflow, resolvable } from './imports.ts'
import { rowLevelSecurity, sqlCase } from './migrations.ts'
import { declaredNames, paths } from './names.ts'
import { documentedProblems, testedOperations } from './registry.ts'
import type { Rule } from './rule.ts'
import { fileSizes, functionSizes, lineLengths, packageShares, typicalSize } from './sizes.ts'
import { smallFiles } from './small-files.ts'
import { engineViews, queriesNameOrg, sqlPlaces } from './sql.ts'
import { uniqueTypeNames } from './type-names.ts'
import { plainWords } from './words.ts'

export const rules: readonly Rule[] = [
  fileSizes,
  typicalSize,
  packageShares,
  functionSizes,
  smallFiles,
  lineLengths,
  directions,
  noTestImports,
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
  plainWords,
  rowLevelSecurity,
  sqlCase,
  sqlPlaces,
  engineViews,
  queriesNameOrg,
  testedOperations,
  documentedProblems,
  links,
  explainedDependencies,
]
