# One image for web, workers and beat. The base is an argument, so that a site with its
# own registry can build: docker build --build-arg PYTHON_IMAGE=registry.example/python:3.13-slim .
ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    STATIC_ROOT=/srv/static

WORKDIR /srv/plurivox
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY manage.py pyproject.toml ./
COPY config config
COPY accounts accounts
COPY candidates candidates
COPY annotation annotation
COPY exports exports
COPY insights insights
COPY demo demo
COPY rehearsal rehearsal
COPY templates templates
COPY static static
COPY locale locale

# Messages and static files are made once, here; the values only let the settings load.
RUN export SECRET_KEY=build-only PSEUDONYM_KEY=build-only DATABASE_URL=postgresql://build REDIS_URL=redis://build \
        SITE_URL=http://build PLURIVOX_EMBEDDED=1 \
    && python -m config.messages \
    && python manage.py collectstatic --no-input --verbosity=0 \
    && useradd --system --uid 10001 --home-dir /srv/plurivox plurivox \
    && install -d -o plurivox /srv/beat /srv/exports

USER 10001
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "6", "--no-control-socket"]
