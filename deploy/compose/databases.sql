-- Run once by PostgreSQL's image, on an empty volume: a database and a role for each of the two.
\set log_password `cat /run/secrets/log_password`
\set mlflow_password `cut -d: -f5 /run/secrets/mlflow_pgpass`
CREATE ROLE scorewright LOGIN PASSWORD :'log_password';
CREATE DATABASE decisions OWNER scorewright;
REVOKE ALL ON DATABASE decisions FROM PUBLIC;
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow_password';
CREATE DATABASE mlflow OWNER mlflow;
REVOKE ALL ON DATABASE mlflow FROM PUBLIC;
