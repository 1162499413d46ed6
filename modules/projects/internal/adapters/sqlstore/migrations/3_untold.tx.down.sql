DROP TABLE projects_untold;
