/** Every page, by a name for its files. */
export const pages = {
  home: "/agm/",
  providers: "/agm/providers",
  models: "/agm/models",
  routes: "/agm/routes",
  monitor: "/agm/monitor",
  backups: "/agm/backups",
  activity: "/agm/activity",
  drift: "/agm/drift",
  doctor: "/agm/doctor",
  login: "/agm/login",
  "not-found": "/agm/nowhere",
  gallery: "/agm/gallery",
};
