DROP TABLE projects_recents;
