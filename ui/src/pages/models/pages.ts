/** The pages of the registry, which come when one of them is opened. */
export { CompareVersionsPage } from "./CompareVersionsPage";
export { ModelPage } from "./ModelPage";
export { ModelsPage } from "./ModelsPage";
export { VersionPage } from "./VersionPage";
