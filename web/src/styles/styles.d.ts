/** Styles are imported for what a bundler makes of them. */
declare module '*.css';
