# docker build -t immunode . && docker run --rm -v "$PWD/out:/out" immunode run kuznetsov1994 -o /out
FROM python:3.12-slim
WORKDIR /opt/immunode
COPY pyproject.toml README.md LICENSE ./
COPY immunode ./immunode
COPY models ./models
RUN pip install --no-cache-dir ".[all]" && useradd --create-home someone
USER someone
WORKDIR /home/someone
ENTRYPOINT ["immunode"]
CMD ["list"]
