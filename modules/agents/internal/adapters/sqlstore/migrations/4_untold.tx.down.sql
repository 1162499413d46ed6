DROP TABLE agents_untold;
