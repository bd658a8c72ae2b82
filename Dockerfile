# GenTaP with all that its stages need, for processors. This file has not been built yet: no machine
# with Docker was at hand. For GPUs begin from an image with CUDA, and leave the index of torch out.
#
#   docker build -t gentap .
#   docker run --rm -v "$PWD:/work" gentap run scripts/recipes/quickstart.toml

FROM python:3.12-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends wordnet-base \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/gentap
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY gentap gentap
COPY grammars grammars
RUN pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir '.[fast]'

RUN useradd --create-home user
USER user
WORKDIR /work
ENV TOKENIZERS_PARALLELISM=false
ENTRYPOINT ["gentap"]
CMD ["--help"]
