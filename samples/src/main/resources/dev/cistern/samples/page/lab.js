export function openLab() {}
